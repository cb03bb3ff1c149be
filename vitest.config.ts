import { playwright } from '@vitest/browser-playwright'
import vue from '@vitejs/plugin-vue'
import { defineConfig } from 'vitest/config'
import { CHROMIUM } from './test/e2e/chromium.ts'

const root = import.meta.dirname
const alias = {
  'pinia-push/observables': `${root}/src/observables/index.ts`,
  'pinia-push/testing': `${root}/src/testing/index.ts`,
  'pinia-push/hub': `${root}/src/hub/index.ts`,
  'pinia-push/vite': `${root}/src/vite/index.ts`,
  'pinia-push': `${root}/src/index.ts`,
}

export default defineConfig({
  resolve: { alias },
  plugins: [vue()],
  test: {
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: ['test/**/*.{browser,node,e2e}.test.ts'],
        },
      },
      {
        extends: true,
        // The oldest major version that the package takes.
        resolve: { alias: { pinia: 'pinia-3' } },
        test: {
          name: 'pinia-3',
          include: ['test/plugin/*.test.ts'],
          exclude: ['test/**/*.{browser,node,e2e}.test.ts'],
          server: { deps: { inline: ['@pinia/testing'] } },
        },
      },
      {
        extends: true,
        test: {
          name: 'node',
          include: ['test/**/*.node.test.ts'],
          globalSetup: ['test/servers/global-setup.ts'],
          testTimeout: 30_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'chromium',
          // What a store does in jsdom it does in a page too.
          include: ['test/**/*.browser.test.ts', 'test/plugin/*.test.ts'],
          // A server renders in Node.
          exclude: ['test/plugin/rendering.test.ts'],
          globalSetup: ['test/servers/global-setup.ts'],
          testTimeout: 30_000,
          browser: {
            enabled: true,
            headless: true,
            screenshotFailures: false,
            api: { host: '127.0.0.1' },
            provider: playwright({ launchOptions: CHROMIUM }),
            instances: [{ browser: 'chromium' }],
          },
        },
      },
    ],
  },
})
