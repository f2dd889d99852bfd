import DefaultTheme from 'vitepress/theme';
import { defineAsyncComponent } from 'vue';
import type { Component } from 'vue';
import type { Theme } from 'vitepress';
import 'katex/dist/katex.min.css';
import LiveDemo from './components/LiveDemo.vue';
import './style.css';

/** Components of single pages, which other pages do not load. */
const ofSomePages: Readonly<Record<string, () => Promise<{ default: Component }>>> = {
  ChapterMap: () => import('./components/ChapterMap.vue'),
  ClaimValue: () => import('./components/ClaimValue.vue'),
  ErrataLive: () => import('./components/ErrataLive.vue'),
  ErrataTable: () => import('./components/ErrataTable.vue'),
  ModelTable: () => import('./components/ModelTable.vue'),
  SpeedChart: () => import('./components/SpeedChart.vue'),
};

export default {
  extends: DefaultTheme,
  enhanceApp({ app }) {
    app.component('LiveDemo', LiveDemo);
    for (const [name, load] of Object.entries(ofSomePages)) app.component(name, defineAsyncComponent(load));
  },
} satisfies Theme;
