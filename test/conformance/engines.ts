/** Where the tests run: in Node, or in a page of a browser. */
export type Engine = 'node' | 'chromium' | 'firefox' | 'webkit'
