/** The techniques that start by themselves, in historical order, as the pages of the tests and the playground name them. */
export const TECHNIQUES = [
  'polling',
  'longPolling',
  'iframeStream',
  'xhrStream',
  'fetchStream',
  'sse',
  'eventSource',
  'webSocket',
] as const
