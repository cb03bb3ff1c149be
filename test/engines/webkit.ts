import { WebdriverBrowserProvider, webdriverio } from '@vitest/browser-webdriverio'
import type { BrowserConfigOptions, TestProject } from 'vitest/node'
import { startWebKitDriver, type WebKitDriver } from './webkit-driver.ts'

const CAPABILITIES = {
  alwaysMatch: {
    browserName: 'MiniBrowser',
    'webkitgtk:browserOptions': {
      binary: process.env['MINI_BROWSER'] ?? '/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser',
      args: ['--automation'],
    },
  },
}

type Connection = Parameters<typeof webdriverio>[0] & object

const CONNECTION: Connection = {
  hostname: '127.0.0.1',
  path: '/',
  logLevel: 'error',
  // The driver knows its own browser alone, and webdriverio names Safari.
  transformRequest(request) {
    if (request.method === 'POST' && typeof request.body === 'string' && request.body.includes('"capabilities"'))
      request.body = JSON.stringify({ capabilities: CAPABILITIES })
    return request
  },
}

/** The driver lives as long as the browser does, and no run starts one that it does not use. */
class WebKitProvider extends WebdriverBrowserProvider {
  readonly #connection: Connection
  #driver: WebKitDriver | undefined

  constructor(project: TestProject) {
    const connection = { ...CONNECTION }
    super(project, connection)
    this.#connection = connection
  }

  override async openBrowser(): Promise<WebdriverIO.Browser> {
    this.#driver ??= await startWebKitDriver()
    // Read when it connects.
    this.#connection.port = this.#driver.port
    return super.openBrowser()
  }

  override async close(): Promise<void> {
    try {
      await super.close()
    } finally {
      await this.#driver?.stop()
    }
  }
}

/** WebKitGTK's own small browser, driven by WebDriver on a screen that nobody sees. */
export const webkit: BrowserConfigOptions = {
  headless: false,
  provider: { ...webdriverio(), providerFactory: (project) => new WebKitProvider(project) },
  instances: [{ browser: 'safari', name: 'webkit' }],
}
