import { eventually } from './harness.ts'

/** A mail as maildev tells of it. */
export type Mail = {
  id: string
  subject: string
  text: string
  html: string
  headers: Record<string, string>
  envelope: { from: { address: string }; to: { address: string }[] }
}

export type Mailbox = {
  /** The mails on one alert (and source), oldest first. */
  on: (alert: string, source?: string) => Promise<Mail[]>
  /** Waits for that many of them. */
  until: (count: number, alert: string, source?: string) => Promise<Mail[]>
  /** The mail as it went over the wire. */
  raw: (mail: Mail) => Promise<string>
}

/** A log, the ruler's next look, Alertmanager's waits and the mail, on a machine with other work. */
const WITHIN_MS = 90_000

/** What maildev caught, through its API. */
export function mailbox(url: string): Mailbox {
  const on = async (alert: string, source?: string) => {
    const mails = (await (await fetch(`${url}/email`)).json()) as Mail[]
    return mails.filter(
      ({ headers }) =>
        headers['x-vigie-alert'] === alert && (source === undefined || headers['x-vigie-source'] === source),
    )
  }
  return {
    on,
    until: (count, alert, source) =>
      eventually(
        `${count} mails on ${alert} ${source ?? ''}`,
        async () => {
          const mails = await on(alert, source)
          return mails.length >= count && mails
        },
        WITHIN_MS,
      ),
    raw: async ({ id }) => (await fetch(`${url}/email/${id}/source`)).text(),
  }
}

/** An alert as Loki's ruler would send it. */
export type Alert = { labels: Record<string, string>; annotations?: Record<string, string>; endsAt?: string }

/** Hands alerts to a real Alertmanager. */
export async function sendAlerts(url: string, alerts: Alert[]): Promise<void> {
  const answer = await fetch(`${url}/api/v2/alerts`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(alerts),
  })
  if (!answer.ok) throw new Error(`Alertmanager answers ${answer.status}: ${await answer.text()}`)
}
