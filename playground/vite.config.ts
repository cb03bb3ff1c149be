import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vite'
import { playgroundServer } from './server/index.ts'

const src = new URL('../src', import.meta.url).pathname

/** Whether to open a browser: not in CI, in tests, behind a pipe, or without a display. */
const { CI, VITEST, DISPLAY, WAYLAND_DISPLAY } = process.env
const hasDisplay = process.platform !== 'linux' || Boolean(DISPLAY || WAYLAND_DISPLAY)
const hasPerson = !CI && !VITEST && process.stdout.isTTY && hasDisplay

export default defineConfig({
  root: import.meta.dirname,
  plugins: [vue(), ...playgroundServer({ by: process.env['PUSH_BY'] === 'nchan' ? 'nchan' : 'hub' })],
  // The page imports the package by its public names. They point to the source, so no build is needed.
  resolve: {
    alias: {
      'pinia-push/observables': `${src}/observables/index.ts`,
      'pinia-push/flash-socket': `${src}/observables/techniques/flash-socket/flash-socket.ts`,
      'pinia-push': `${src}/index.ts`,
    },
  },
  build: {
    rolldownOptions: {
      input: ['index.html', 'orders/index.html', 'network/index.html'].map((page) => `${import.meta.dirname}/${page}`),
    },
  },
  server: { host: '127.0.0.1', port: 5173, open: hasPerson },
})
