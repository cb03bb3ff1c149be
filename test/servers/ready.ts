/** Until it has found its Redis, a node answers 503; and a connection kept from a node that had the port before is dead. */
export async function ready(...ports: readonly number[]): Promise<void> {
  for (const port of ports) {
    const ask = () =>
      fetch(`http://127.0.0.1:${port}/channels/a`).then(
        (answer) => answer.status,
        () => 503,
      )
    while ((await ask()) === 503) await new Promise((resolve) => setTimeout(resolve, 5))
  }
}
