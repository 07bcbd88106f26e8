import { type CompiledStage } from './stage.ts'

/**
 * The control sequences of terminals: an escape character, opening brackets, and a command that ends with a
 * letter or, for window titles, with a bell.
 */
const CONTROL_SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for.
  /[\x1b\x9b][[\]()#;?]*(?:(?:[a-zA-Z\d]*(?:;[a-zA-Z\d]*)*)?\x07|(?:\d{1,4}(?:;\d{0,4})*)?[\dA-PRZcf-ntqry=><~])/g

/** `decolorize`: takes the colours of terminals out of the line. */
export const decolorize: CompiledStage = (entry) => {
  if (entry.line.includes('\x1b') || entry.line.includes('\x9b'))
    entry.line = entry.line.replace(CONTROL_SEQUENCE, '')
  return true
}
