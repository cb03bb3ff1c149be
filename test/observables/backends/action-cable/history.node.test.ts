import { expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { actionCable, createPushClient, webSocket } from 'pinia-push/observables'
import { startAnyCable } from '../../../servers/anycable-server.ts'
import { createFaultProxy } from '../../../servers/fault-proxy.ts'
import { readChannel, status, story } from '../../../conformance/fixtures.ts'
import { PATIENT } from '../../../conformance/patient.ts'
import { room } from '../../../conformance/topic-rows.ts'

test('a topic of two streams resumes both, also the one without a message', async () => {
  const server = await startAnyCable()
  onTestFinished(server.close)
  const proxy = await createFaultProxy({ port: server.port })
  onTestFinished(() => proxy.close())
  const push = createPushClient({
    technique: webSocket({ implementation: WebSocket as unknown as typeof globalThis.WebSocket }),
    backend: actionCable(),
    baseUrl: proxy.url,
    ...PATIENT,
  })
  onTestFinished(() => push.close())
  const reader = readChannel(push.channel(room('a')))
  await status(reader.channel, 'open')
  await server.publish('a', { data: 'room 1' })
  await reader.gets('room 1')
  proxy.refuse(true)
  proxy.drop()
  await reader.sees('reconnecting')
  await server.publish('also-a', { data: 'user 1' })
  await server.publish('a', { data: 'room 2' })
  proxy.refuse(false)
  await status(reader.channel, 'open')
  await server.publish('a', { data: 'room 3' })
  await reader.gets('room 3')
  expect(story(reader.events)).toHaveLength(4)
  expect(new Set(reader.data)).toEqual(new Set(['room 1', 'user 1', 'room 2', 'room 3']))
})
