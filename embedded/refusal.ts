/** A request that is refused on purpose: an HTTP status and a sentence for whoever asked. */
export class Refusal extends Error {
  readonly status: number
  constructor(status: number, message: string) {
    super(message)
    this.name = 'Refusal'
    this.status = status
  }
}

/** An answer is too large, or a request asks for too much of this process's memory (413). */
export const tooLarge = (message: string): Refusal => new Refusal(413, message)
