import react from '@vitejs/plugin-react';
import { defineConfig, type Plugin } from 'vite';

const gateway = process.env['GATEWAY_URL'] ?? 'http://127.0.0.1:8080';

/** React Aria brings its texts in 34 languages; only those of the console stay. */
const ownLanguages: Plugin = {
  name: 'own-languages',
  enforce: 'pre',
  load: {
    // A filter, because the bundler waits for each call from its threads to this one.
    filter: {
      id: {
        include: /\/(?:react-aria|react-stately|react-aria-components)\/.*\/[a-z]{2}-[A-Z]{2}\.m?js$/,
        exclude: /\/(?:en|es|pt|ro|ru)-[A-Z]{2}\.m?js$/,
      },
    },
    handler: () => 'export default {};',
  },
};

/** `npm run console` serves the sources and passes everything else on to the gateway; build.ts builds. */
export default defineConfig({
  root: import.meta.dirname,
  base: '/console/',
  plugins: [ownLanguages, react()],
  build: {
    target: 'es2022',
    manifest: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    // The sign-in page loads all of these anyway. As many small chunks they are larger, and so is the entry, which names every chunk.
    rolldownOptions: {
      experimental: { lazyBarrel: true }, // of the 4,600 modules, most of them icons, it reads the third in use
      output: {
        codeSplitting: {
          groups: [
            {
              name: 'fields',
              test: /console\/src\/(?:ui\/(?:text-field|password-field|failure|button|notice)|forms\/use-submit|sign-in\/(?:layout|sign-in-form))\.tsx?$/,
            },
            { name: 'search', test: /console\/src\/.*\/search(?:-params)?\.ts$/ },
            {
              name: 'router',
              test: /\/(?:@tanstack\/(?:react-router|router-core|history|react-store|store)|use-sync-external-store)\//,
            },
          ],
        },
      },
    },
  },
  server: {
    host: '127.0.0.1',
    port: 5173,
    strictPort: true,
    proxy: Object.fromEntries(
      ['/api', '/auth', '/avatars', '/ready', '/console/session', '/.well-known'].map((path) => [path, gateway]),
    ),
  },
});
