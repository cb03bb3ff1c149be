/** Pinia's own mark of a store that it makes in hot module replacement, to compare with: nobody reads it. */
export const HOT = '__hot:'
