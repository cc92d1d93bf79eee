interface Props {
  readonly isRefused: boolean
  readonly onToken: (token: string) => void
}

/** Asks for the token; it stays in this tab. */
export function TokenForm({ isRefused, onToken }: Props) {
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    const given = new FormData(event.currentTarget as HTMLFormElement).get('token')
    if (typeof given === 'string' && given.trim() !== '') {
      onToken(given.trim())
    }
  }
  return (
    <main class="door">
      <form onSubmit={submit}>
        <h1>Quire</h1>
        <label>
          Token of the service
          <input name="token" type="password" autocomplete="off" required autofocus aria-describedby="token-about" />
        </label>
        <p id="token-about" class="soft">
          The value of QUIRE_API_TOKEN. It is kept in this tab until you close it.
        </p>
        {isRefused && <p role="alert">The service refused this token.</p>}
        <button type="submit">Enter</button>
      </form>
    </main>
  )
}
