/** Where the tests run: in Node, or in a page of one of these. */
export type Engine = 'node' | 'chromium' | 'firefox' | 'webkit'
