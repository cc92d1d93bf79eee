/** The batch's state does not allow the act; the sentence says why, with the numbers. Nothing was changed. */
export class ActRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ActRefused'
  }
}
