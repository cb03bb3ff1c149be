import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createQueue } from '../../../src/hub/channels/queue.ts'

test('has the same items as an array whose first items are removed', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constant('shift')), { maxLength: 200 }), (steps) => {
      const queue = createQueue<number>()
      const array: number[] = []
      for (const step of steps) {
        if (typeof step === 'number') {
          queue.push(step)
          array.push(step)
        } else {
          queue.shift()
          array.shift()
        }
        expect(queue.length).toBe(array.length)
        expect(array.map((_, index) => queue.at(index))).toEqual(array)
        expect(queue.at(-1)).toBeUndefined()
        expect(queue.at(array.length)).toBeUndefined()
      }
    }),
  )
})
