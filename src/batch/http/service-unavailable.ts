/** A host has been away for longer than a batch waits: no further call is made for this attempt. */
export class ServiceUnavailable extends Error {
  readonly code = 'CONNECTION_ERROR'
  readonly permanent = true
  constructor(message: string) {
    super(message)
    this.name = 'ServiceUnavailable'
  }
}
