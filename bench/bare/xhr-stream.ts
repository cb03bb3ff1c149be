import type { Bare } from './bare.ts'
import { multipart } from './multipart.ts'

export const xhrStream: Bare = (url, onMessage) => {
  const xhr = new XMLHttpRequest()
  let feed: ((chunk: string) => void) | undefined
  let read = 0
  xhr.open('GET', `${url}?_=${Math.random()}`)
  xhr.setRequestHeader('Accept', 'multipart/mixed')
  xhr.onprogress = () => {
    feed ??= multipart(xhr.getResponseHeader('content-type') ?? '', onMessage)
    const text = xhr.responseText
    feed(text.slice(read))
    read = text.length
  }
  xhr.send()
  return () => xhr.abort()
}
