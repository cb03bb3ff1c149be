/** A token, as long as it is good: here each is good once. */
export async function freshToken(): Promise<string> {
  const answer = await fetch('/api/token')
  return answer.text()
}
