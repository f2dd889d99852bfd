import DefaultTheme from 'vitepress/theme';
import { defineAsyncComponent } from 'vue';
import type { Theme } from 'vitepress';
import 'katex/dist/katex.min.css';
import LiveDemo from './components/LiveDemo.vue';
import './style.css';

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('LiveDemo', LiveDemo);
    app.component(
      'ModelTable',
      defineAsyncComponent(() => import('./components/ModelTable.vue')),
    );
    app.component(
      'ClaimValue',
      defineAsyncComponent(() => import('./components/ClaimValue.vue')),
    );
    app.component(
      'SpeedChart',
      defineAsyncComponent(() => import('./components/SpeedChart.vue')),
    );
  },
} satisfies Theme;
