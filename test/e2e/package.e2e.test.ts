import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { packedProject, type PackedProject } from './packed-project.ts'

describe('the package, installed with nothing but rxjs', () => {
  let project: PackedProject
  beforeAll(() => {
    project = packedProject()
    project.install('rxjs@7')
  })
  afterAll(() => project.remove())

  const installed = (name: string) => existsSync(join(project.folder, 'node_modules', name))

  test('brings no package that a browser does not need', () => {
    expect(['rxjs', 'ws', 'vue', 'pinia', '@vue/devtools-api', '@ruffle-rs/ruffle'].filter(installed)).toEqual(['rxjs'])
  })

  test.for(['observables', 'kit', 'flash-socket'])('has a working entry pinia-push/%s', (entry) => {
    const names = project.run(`console.log(Object.keys(await import('pinia-push/${entry}')).join())`).split(',')
    expect(names).toContain(
      { observables: 'createPushClient', kit: 'selectPart', 'flash-socket': 'flashSocket' }[entry],
    )
  })

  test('has a hub that names the package to install for it', () => {
    const said = project.run(`
      import { createHub, HubError } from 'pinia-push/hub'
      await createHub().listen().catch((error) => console.log(error instanceof HubError, error.code, error.message))
    `)
    expect(said).toBe(
      'true missing-package The hub cannot serve WebSockets: the package "ws" is not installed. Run `npm install ws`.',
    )
  })

  test('has a hub for your own server that works without WebSockets, and logs the missing package when one is requested', () => {
    const said = project.run(`
      import { createServer } from 'node:http'
      import { connect } from 'node:net'
      import { createHub } from 'pinia-push/hub'
      const hub = createHub({ startFrom: 'oldest', log: (line) => console.log(line) })
      const server = createServer((request, response) => void hub.handle(request, response))
      server.on('upgrade', hub.upgrade)
      server.listen(0, '127.0.0.1', async () => {
        const { port } = server.address()
        hub.publish('news', 'hello')
        const poll = await fetch('http://127.0.0.1:' + port + '/push/news?wait=0')
        console.log(await poll.text())
        const socket = connect(port, '127.0.0.1', () => socket.write([
          'GET /push/news HTTP/1.1', 'Host: 127.0.0.1:' + port, 'Connection: Upgrade', 'Upgrade: websocket',
          'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==', 'Sec-WebSocket-Protocol: ws+meta.nchan', '', '',
        ].join('\\r\\n')))
        socket.once('data', async (data) => {
          console.log(String(data).split('\\r\\n')[0])
          socket.destroy()
          await hub.close()
          server.close()
        })
      })
    `)
    expect(said.split('\n')).toEqual([
      'hello',
      'pinia-push: The hub cannot serve WebSockets: the package "ws" is not installed. Run `npm install ws`.',
      'HTTP/1.1 501 Not Implemented',
    ])
  })
})
