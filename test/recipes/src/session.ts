/** Returns a valid token. In these tests each token is valid once. */
export async function freshToken(): Promise<string> {
  const response = await fetch('/api/token')
  return response.text()
}
