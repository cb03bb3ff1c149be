import type { Browser, BrowserType, LaunchOptions } from 'playwright'

/** How long a page may take for one step, in ms. It is a deadline for what hangs: the machine may be busy. */
const DEADLINE = 120_000

/** Starts a browser whose pages wait as long as a test may. */
export async function launch(type: BrowserType, options: LaunchOptions): Promise<Browser> {
  const browser = await type.launch(options)
  const newContext = browser.newContext.bind(browser)
  // `newPage` calls it too.
  browser.newContext = async (contextOptions) => {
    const context = await newContext(contextOptions)
    context.setDefaultTimeout(DEADLINE)
    return context
  }
  return browser
}
