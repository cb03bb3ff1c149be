import { formatCursor, parseCursor } from '../../../wire/cursor.ts'

/** The epochs of the topics of one connection: a position of the hub is a cursor of each topic, in its own epoch. */
export interface TopicEpochs {
  /** The topic is at a cursor. */
  follow(topic: string, cursor: string | undefined): void
  /** Everything up to a position was sent, of every topic: calls `moved` with the cursor of each. */
  move(position: string, moved: (topic: string, cursor: string) => void): void
  forget(topic: string): void
}

export function topicEpochs(): TopicEpochs {
  const epochs = new Map<string, string | undefined>()
  return {
    follow(topic, cursor) {
      if (cursor !== undefined) epochs.set(topic, parseCursor(cursor).epoch)
    },
    move(position, moved) {
      const parts = parseCursor(position)
      for (const [topic, epoch] of epochs) moved(topic, formatCursor({ ...parts, epoch }))
    },
    forget: (topic) => void epochs.delete(topic),
  }
}
