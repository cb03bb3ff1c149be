// @vitest-environment jsdom
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { mount } from '@vue/test-utils'
import { expect, onTestFinished, test } from 'vitest'
import { defineComponent, h } from 'vue'
import { WebSocketServer } from 'ws'
import { createPush, usePushChannel, webSocket } from 'pinia-push'
import { waitFor } from '../wait-for.ts'

test('two components that read one URL with equal techniques share one connection', async () => {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 })
  onTestFinished(() => new Promise<void>((done) => server.close(() => done())))
  await once(server, 'listening')
  let connections = 0
  server.on('connection', (socket) => {
    connections += 1
    socket.send(JSON.stringify(`of connection ${connections}`))
  })

  const Notice = defineComponent(() => {
    const { data } = usePushChannel<string>('/notices', { technique: webSocket() })
    return () => h('p', data.value)
  })
  const push = createPush({ baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  const wrapper = mount(
    defineComponent(() => () => [h(Notice), h(Notice)]),
    { global: { plugins: [push] } },
  )
  onTestFinished(() => {
    wrapper.unmount()
    for (const socket of server.clients) socket.terminate()
  })

  await waitFor(() => expect(wrapper.findAll('p').map((p) => p.text())).toEqual(['of connection 1', 'of connection 1']))
  expect(connections).toBe(1)
})
