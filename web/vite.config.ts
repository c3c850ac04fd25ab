import { defineConfig } from 'vite';

/** Where `npm run dev` finds the API: the fake server, or a running `kinemotion serve`. */
const backend = 'http://127.0.0.1:8090';

export default defineConfig({
  appType: 'mpa',
  build: {
    target: 'es2022',
    modulePreload: { polyfill: false },
    rollupOptions: { input: { studio: 'index.html', overlay: 'overlay.html' } },
  },
  server: {
    proxy: Object.fromEntries(['/api', '/whip', '/whep', '/hls'].map((path) => [path, { target: backend, ws: true }])),
  },
});
