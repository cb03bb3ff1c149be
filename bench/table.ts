/** Prints the head of a table, and returns the function that prints a row. */
export function table(columns: readonly string[]): (cells: readonly string[]) => void {
  const row = (cells: readonly string[]) => console.log(`| ${cells.join(' | ')} |`)
  row(columns)
  row(columns.map((_, index) => (index === 0 ? '---' : '---:')))
  return row
}

export const whole = (number: number) => Math.round(number).toLocaleString('en')
