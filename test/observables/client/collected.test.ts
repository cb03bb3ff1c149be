import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createTestingClient } from 'pinia-push/testing'
import { expect, test } from 'vitest'

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void

test('a channel that is read by its URL stays the channel of that URL when memory is collected', async () => {
  const { push, technique } = createTestingClient()
  const subscription = push.channel('a').events$.subscribe()
  for (let turn = 0; turn < 3; turn += 1) {
    // What was reachable in this turn is collected in a later one.
    await sleep(1)
    collect()
  }
  const other = push.channel('a').events$.subscribe()
  expect(technique.connections).toHaveLength(1)
  subscription.unsubscribe()
  other.unsubscribe()
})
