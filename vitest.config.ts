import { availableParallelism } from 'node:os'
import vue from '@vitejs/plugin-vue'
import { defineConfig, type TestProjectConfiguration } from 'vitest/config'
import { PAGES } from './test/engines/index.ts'
import { nothingRan } from './test/reports/nothing-ran.ts'
import { tableReporter } from './test/reports/table-reporter.ts'

const root = import.meta.dirname
const alias = {
  'pinia-push/observables': `${root}/src/observables/index.ts`,
  'pinia-push/kit': `${root}/src/observables/kit.ts`,
  'pinia-push/flash-socket': `${root}/src/observables/techniques/flash-socket/flash-socket.ts`,
  'pinia-push/testing': `${root}/src/testing/index.ts`,
  'pinia-push/hub': `${root}/src/hub/index.ts`,
  'pinia-push/vite': `${root}/src/vite/index.ts`,
  'pinia-push': `${root}/src/index.ts`,
}

/** A deadline for what hangs, in ms, not a bound of what is tested: the machine may be busy. */
const DEADLINE = 300_000

/** The tests that run in a page, in one engine. */
const page = (
  engine: keyof typeof PAGES,
  { include = [], exclude = [] }: { include?: string[]; exclude?: string[] } = {},
): TestProjectConfiguration => ({
  extends: true,
  test: {
    // Its one instance has the name by which it is run.
    name: `pages of ${engine}`,
    include: ['test/**/*.browser.test.ts', ...include],
    exclude,
    provide: { engine },
    globalSetup: ['test/servers/global-setup.ts'],
    browser: {
      ...PAGES[engine],
      enabled: true,
      screenshotFailures: false,
      connectTimeout: DEADLINE,
      api: { host: '127.0.0.1' },
    },
  },
})

/** What runs on two nodes, which pages of one engine ask (`test/conformance/limits.ts`). */
const TWO_NODES = 'test/conformance/*.redis.browser.test.ts'

/** What the library decides by itself, and nothing else: an engine has no part in it. */
const LIBRARY = ['test/conformance/renewing.browser.test.ts', 'test/conformance/topics.browser.test.ts']

export default defineConfig({
  resolve: { alias },
  plugins: [vue()],
  test: {
    testTimeout: DEADLINE,
    hookTimeout: DEADLINE,
    expect: { poll: { timeout: 120_000 } },
    // Most of a test's time is the network's and a browser's, so a few files run at once on the smallest machine too.
    maxWorkers: Math.max(3, availableParallelism() - 1),
    reporters: ['default', nothingRan(), tableReporter({ full: process.env['FULL_RUN'] !== undefined })],
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
          provide: { engine: 'node' },
          include: ['test/**/*.node.test.ts'],
          globalSetup: ['test/servers/global-setup.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'e2e',
          include: ['test/**/*.e2e.test.ts'],
        },
      },
      // What a store does in jsdom it does in a page too; a server renders in Node.
      page('chromium', { include: ['test/plugin/*.test.ts'], exclude: ['test/plugin/rendering.test.ts'] }),
      page('firefox', { exclude: [TWO_NODES, ...LIBRARY] }),
      page('webkit', { exclude: [TWO_NODES, ...LIBRARY] }),
    ],
  },
})
