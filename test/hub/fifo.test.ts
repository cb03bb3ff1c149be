import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fifo } from '../../src/hub/fifo.ts'

test('holds what an array would that loses its first', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(fc.integer(), fc.constant('shift')), { maxLength: 200 }), (steps) => {
      const queue = fifo<number>()
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
        expect(queue.slice(0)).toEqual(array)
        expect(queue.at(0)).toBe(array[0])
        expect(queue.at(array.length - 1)).toBe(array.at(-1))
        expect(queue.at(-1)).toBeUndefined()
        expect(queue.slice(1)).toEqual(array.slice(1))
      }
    }),
  )
})
