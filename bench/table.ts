/** Prints a table's head, and returns what prints a row of it. */
export function table(columns: readonly string[]): (cells: readonly string[]) => void {
  const row = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
  row(columns)
  row(columns.map((_, index) => (index === 0 ? '---' : '---:')))
  return row
}

export const whole = (number: number) => Math.round(number).toLocaleString('en')
