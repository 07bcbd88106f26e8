/** What an HTTP request is answered. */
export type Answer = { status: number; contentType: string; body: string }

const JSON_TYPE = 'application/json; charset=UTF-8'
const TEXT_TYPE = 'text/plain; charset=utf-8'

export const jsonAnswer = (value: unknown): Answer => ({
  status: 200,
  contentType: JSON_TYPE,
  body: JSON.stringify(value),
})

/** `{"status": "success", "data": …}`. Data that are undefined are left out. */
export const success = (data: unknown): Answer => jsonAnswer({ status: 'success', data })

/** A text, which ends its line as most of Loki's do. */
export const textAnswer = (status: number, text: string, contentType = TEXT_TYPE): Answer =>
  bareAnswer(status, text === '' ? '' : `${text}\n`, contentType)

/** A text that does not end its line, as those in which Loki refuses queries. */
export const bareAnswer = (status: number, body: string, contentType = TEXT_TYPE): Answer => ({
  status,
  contentType,
  body,
})
