import { createHub, type HubOptions } from '../../../../src/hub/index.ts'

/** A hub with small limits, which takes its time to authorize what is published to a channel named `slow`. Argument: its options. */
const options = JSON.parse(process.argv[2] ?? '{}') as HubOptions

const hub = createHub({
  ...options,
  authorize: ({ action, channel }) =>
    action === 'publish' && channel === 'slow' ? new Promise<boolean>(() => {}) : true,
})
const { port, tcpPort } = await hub.listen({ tcp: {} })
console.log(`hub on http://127.0.0.1:${port}/push/, lines over TCP: port ${tcpPort}`)
