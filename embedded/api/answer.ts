/** What an HTTP request is answered. A large body comes in pieces, so that it is never one text. */
export type Answer = { status: number; contentType: string; body: string | readonly Buffer[] }
export type TextAnswer = Answer & { body: string }

const JSON_TYPE = 'application/json; charset=UTF-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'

export const jsonAnswer = (value: unknown): TextAnswer => ({
  status: 200,
  contentType: JSON_TYPE,
  body: JSON.stringify(value),
})

/** `{"status": "success", "data": …}`. Data that are undefined are left out. */
export const success = (data: unknown): Answer => jsonAnswer({ status: 'success', data })

/** A success whose `result` has been rendered already: the fields before it, and those after it. */
export const successAround = (before: object, result: readonly Buffer[], after: object): Answer => ({
  status: 200,
  contentType: JSON_TYPE,
  body: [
    Buffer.from(`{"status":"success","data":{${JSON.stringify(before).slice(1, -1)},"result":`),
    ...result,
    Buffer.from(`,${JSON.stringify(after).slice(1, -1)}}}`),
  ],
})

/** A success whose `data` has been rendered already. */
export const successOf = (data: readonly Buffer[]): Answer => ({
  status: 200,
  contentType: JSON_TYPE,
  body: [Buffer.from('{"status":"success","data":'), ...data, Buffer.from('}')],
})

/** The JSON text of an array, bit by bit. */
export function* arrayTexts(items: Iterable<string>): Generator<string> {
  let before = '['
  for (const item of items) {
    yield before + JSON.stringify(item)
    before = ','
  }
  yield before === '[' ? '[]' : ']'
}

/** Characters of a piece. */
const PIECE_CHARACTERS = 65_536

/** Short texts that are joined between two yields: it may have taken something to find each. */
const TEXTS_BETWEEN_YIELDS = 512

/** Texts, one after the other, in pieces of about the same size; yields for each. */
export function* inPieces(texts: Iterable<string>): Generator<void, Buffer[]> {
  const pieces: Buffer[] = []
  let text = ''
  let joined = 0
  for (const next of texts) {
    text += next
    if (++joined % TEXTS_BETWEEN_YIELDS === 0) yield
    if (text.length < PIECE_CHARACTERS) continue
    pieces.push(Buffer.from(text))
    text = ''
    yield
  }
  pieces.push(Buffer.from(text))
  return pieces
}

/** A text, which ends its line as most of Loki's do. */
export const textAnswer = (status: number, text: string, contentType = TEXT_TYPE): TextAnswer =>
  bareAnswer(status, text === '' ? '' : `${text}\n`, contentType)

/** A text that does not end its line, as those in which Loki refuses queries. */
export const bareAnswer = (status: number, body: string, contentType = TEXT_TYPE): TextAnswer => ({
  status,
  contentType,
  body,
})
