import { DEV } from '../internal/dev.ts'
import { PushError } from '../errors.ts'
import { MAX_MESSAGE_BYTES, messageBuffer } from './message-limit.ts'

export interface JsonArrayReader {
  /** Throws if the text is not an array, or its brackets do not match. */
  feed(chunk: string): void
  /** Throws if text follows the array, and `connection-lost` if the array is not complete. */
  end(): void
}

/**
 * Splits a JSON array into its elements, wherever it is cut into chunks. Each element is emitted as it was written, and only
 * its brackets are checked. An element above the limit has an error, and only its beginning is emitted. At twice the limit it is emitted
 * and its error is thrown.
 */
export function jsonArray(
  element: (json: string, error: PushError | undefined) => void,
  limit: number = MAX_MESSAGE_BYTES,
): JsonArrayReader {
  const rest = messageBuffer(limit)
  const findNext = structuralCharacters()
  /** How many brackets are open; `AFTER` the array. */
  let depth = BEFORE
  /** The brackets that close the element, the innermost last. */
  const closers: string[] = []
  let isEmpty = true

  const endElement = (lastPiece: string, closesArray: boolean) => {
    rest.add(lastPiece)
    const { error } = rest
    const json = rest.take().trim()
    if (json === '' && closesArray && isEmpty) return
    if (json === '') throw new Error(DEV ? 'the JSON array has an empty element' : undefined)
    isEmpty = false
    element(json, error)
  }
  return {
    feed(chunk) {
      let start = 0
      for (let at = findNext(chunk, 0); at >= 0; at = findNext(chunk, at + 1)) {
        const character = chunk.charAt(at)
        const role = roleOf(character, depth)
        if (role === 'part') {
          const closer = CLOSER[character]
          if (closer) closers.push(closer)
          else if (isCloser(character) && closers.pop() !== character) throw notAnArray()
          depth = INSIDE + closers.length
          continue
        }
        const piece = chunk.slice(start, at)
        start = at + 1
        if (role === 'comma') endElement(piece, false)
        else if (role === 'end') {
          endElement(piece, true)
          depth = AFTER
        } else {
          rest.add(piece)
          if (role !== 'begin' || rest.take().trim() !== '') throw notAnArray()
          depth = INSIDE
        }
      }
      rest.add(chunk.slice(start))
      if (!rest.isEndless) return
      const { error } = rest
      element(rest.take(), error)
      throw error
    },
    end() {
      const text = rest.take().trim()
      if (depth >= INSIDE || (depth === BEFORE && text === ''))
        throw new PushError(
          'connection-lost',
          DEV && 'Response cut: the body ended before its JSON array did. The client reconnects.',
        )
      if (depth === BEFORE || text !== '') throw notAnArray()
    },
  }
}

const AFTER = -1
const BEFORE = 0
const INSIDE = 1

const CLOSER: Readonly<Record<string, string>> = { '[': ']', '{': '}' }

const isCloser = (character: string): boolean => character === ']' || character === '}'

/** Returns what a structural character is at a depth: a part of an element, or a limit of elements. */
function roleOf(character: string, depth: number): 'begin' | 'comma' | 'end' | 'part' | 'wrong' {
  if (depth > INSIDE) return 'part'
  if (depth !== INSIDE) return depth === BEFORE && character === '[' ? 'begin' : 'wrong'
  if (character === ',') return 'comma'
  if (character === ']') return 'end'
  return character === '}' ? 'wrong' : 'part'
}

const STRUCTURAL = /["[\]{},]/g
const IN_STRING = /["\\]/g
const QUOTE = 34

/**
 * Finds the next of `[ ] { } ,` outside of strings, or the quote that begins a string. It returns -1 if the chunk has
 * none. It has to be called until then, because it continues in the next chunk.
 */
function structuralCharacters(): (chunk: string, from: number) => number {
  let inString = false
  let isEscaped = false

  const afterString = (chunk: string, from: number): number => {
    let at = from
    while (inString && at < chunk.length) {
      if (isEscaped) {
        isEscaped = false
        at += 1
        continue
      }
      IN_STRING.lastIndex = at
      if (!IN_STRING.test(chunk)) return chunk.length
      at = IN_STRING.lastIndex
      inString = chunk.charCodeAt(at - 1) !== QUOTE
      isEscaped = inString
    }
    return at
  }
  return (chunk, from) => {
    STRUCTURAL.lastIndex = inString ? afterString(chunk, from) : from
    if (!STRUCTURAL.test(chunk)) return -1
    const at = STRUCTURAL.lastIndex - 1
    inString = chunk.charCodeAt(at) === QUOTE
    return at
  }
}

const notAnArray = () => new Error(DEV ? 'it is not a JSON array' : undefined)
