/** A batch's state does not allow an operator's act; the sentence says why, with the numbers. Nothing was changed. */
export class ActRefused extends Error {
  constructor(message: string) {
    super(message)
    this.name = 'ActRefused'
  }
}
