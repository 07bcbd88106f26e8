import { TOPIC } from '../log/names.ts'
import { type Counts } from '../shipper/letters/counts.ts'
import { type Settlement } from '../shipper/letters/settle.ts'
import { type Shown, type Summary } from '../shipper/letters/summary.ts'
import { shortText } from '../shipper/letters/text.ts'
import { grouped } from './progress-bar.ts'

/** `1 dead letter`, `2 dead letters`. */
const lettersText = (count: number): string => `${grouped(count)} dead ${count === 1 ? 'letter' : 'letters'}`
const ofReason = (reason: string | undefined): string =>
  reason === undefined ? '' : ` with the reason ${reason}`
const verb = (count: number, one: string, many: string): string => (count === 1 ? one : many)

export const nothingWaits = (reason: string | undefined): string => `No dead letter${ofReason(reason)} waits.`

const originText = ({ topic, partition, offset }: Shown): string =>
  topic === null
    ? 'from an unknown topic'
    : `${topic}, partition ${partition ?? '?'}, offset ${offset ?? '?'}`

const letterText = (letter: Shown): string =>
  [
    `${letter.written.slice(0, 19).replace('T', ' ')}  ${letter.reason}  ${grouped(letter.sizeBytes)} bytes  ${originText(letter)}${letter.copies === 0 ? '' : `  (copies: ${grouped(letter.copies)})`}`,
    `    Loki  ${letter.detail}`,
    `    line  ${letter.line}`,
  ].join('\n')

const byCount = (counts: Counts): [string, number][] => [...counts].sort(([, a], [, b]) => b - a)

const copiesText = (copies: number): string[] =>
  copies === 0
    ? []
    : [
        `${grouped(copies)} more ${verb(copies, 'record is a copy', 'records are copies')}, as a crash of the shipper leaves: each letter counts, and is sent, once.`,
      ]

/** The text of `vigie dead-letters list`: by reason, then the newest of them. */
export function summaryText({ letters, copies, byReason, newest }: Summary, reason?: string): string {
  if (letters === 0) return nothingWaits(reason)
  const lines = [
    `${lettersText(letters)}${ofReason(reason)} ${verb(letters, 'waits', 'wait')} on ${TOPIC.deadLetters}:`,
    ...byCount(byReason).map(([name, count]) => `  ${grouped(count).padStart(9)}  ${name}`),
    ...copiesText(copies),
  ]
  if (newest.length > 0) lines.push('', ...newest.map(letterText))
  if (newest.length > 0 && newest.length < letters)
    lines.push('', `These are the newest ${grouped(newest.length)}; --limit shows more.`)
  return lines.join('\n')
}

const stayingText = (staying: Counts): string[] =>
  byCount(staying).map(([topic, count]) =>
    topic === ''
      ? `${lettersText(count)} ${verb(count, 'stays', 'stay')}: no header says where from.`
      : `${lettersText(count)} ${verb(count, 'stays', 'stay')}: the topic ${shortText(topic, 249)} does not exist.`,
  )

const cutText = (cut: number): string[] =>
  cut === 0
    ? []
    : [`${lettersText(cut)} ${verb(cut, 'stays', 'stay')}: only the beginning of the record fits the topic.`]

type Asked = { reason?: string | undefined; dryRun: boolean }

/** The text of `vigie dead-letters retry`. */
export function retryText(
  { settled, byTopic, copies, staying, cut }: Settlement,
  { reason, dryRun }: Asked,
): string {
  if (settled === 0 && staying.size === 0 && cut === 0) return nothingWaits(reason)
  const topics = byCount(byTopic).map(
    ([topic, count]) => `  ${grouped(count).padStart(9)}  ${shortText(topic, 249)}`,
  )
  const which = `${lettersText(settled)}${ofReason(reason)} again`
  return [
    `${dryRun ? 'Would send' : 'Sent'} ${which}${topics.length > 0 ? ', to:' : '.'}`,
    ...topics,
    ...copiesText(copies),
    ...stayingText(staying),
    ...cutText(cut),
  ].join('\n')
}

/** The text of `vigie dead-letters purge`. */
export const purgeText = ({ settled }: Settlement, reason: string | undefined): string =>
  settled === 0 ? nothingWaits(reason) : `Purged ${lettersText(settled)}${ofReason(reason)}.`
