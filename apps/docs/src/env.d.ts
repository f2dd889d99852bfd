declare module '*.vue' {
  import type { Component } from 'vue';
  const component: Component;
  export default component;
}

declare module '*?url' {
  const url: string;
  export default url;
}
