import { DEV } from '../../internal/dev.ts'
import { PushError } from '../../errors.ts'
import type { SessionPort } from '../../session/conversation.ts'
import type { TopicTable } from '../../session/topic-table.ts'
import { contentBy, jsonOf, type Fields } from '../json-frame.ts'
import type { StreamHistory } from './stream-history.ts'

/** Reads the frames of topics. */
export function topicReader(topics: TopicTable, histories: Map<string, StreamHistory>, port: SessionPort) {
  const deliver = (topic: string, history: StreamHistory, frames: readonly Fields[]) => {
    for (const frame of frames) {
      // A handler may leave the topic, and read it again.
      if (histories.get(topic) !== history) return
      const state = history.move(frame)
      if (!state) continue
      if (state.isLate) for (const id of topics.of(topic)) port.gap(id, 'sequence')
      topics.deliver(topic, {
        event: 'message',
        ...contentBy(() => jsonOf(frame['message'])),
        cursor: state.cursor,
      })
    }
  }

  /** The server sent the history of a topic, or has none. Messages that were published meanwhile follow it. */
  const replayed = (topic: string, history: StreamHistory, resumed: boolean) => {
    const held = history.end(resumed)
    topics.acknowledge(topic, resumed, undefined)
    deliver(topic, history, held)
  }

  return (topic: string, history: StreamHistory, frame: Fields) => {
    const { type } = frame
    if (type === 'confirm_subscription') {
      if (!history.isPending) topics.acknowledge(topic, false, undefined)
    } else if (type === 'confirm_history' || type === 'reject_history') {
      if (history.isPending) replayed(topic, history, type === 'confirm_history')
    } else if (type === 'reject_subscription') {
      histories.delete(topic)
      for (const id of topics.drop(topic)) port.rejected(id, rejected(topic))
    } else if (type === undefined) {
      if (!history.hold(frame)) deliver(topic, history, [frame])
      else if (history.isFull) replayed(topic, history, false)
    }
  }
}

const rejected = (topic: string): PushError =>
  new PushError(
    'rejected',
    DEV && `The server rejected topic "${topic}": its channel called \`reject\`. Check the rights of the user.`,
  )
