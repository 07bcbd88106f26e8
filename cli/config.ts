import { Command } from 'commander'
import { describeSettings } from '../service/settings.ts'
import { readSettings, SETTING_GROUPS } from './settings.ts'

/** The table of all settings as the README shows it, made from the schemas. */
export function settingsMarkdown(): string {
  return SETTING_GROUPS.map(({ title, schema }) => {
    const rows = describeSettings(schema).map(
      ({ name, byDefault, description }) =>
        `| \`${name}\` | ${byDefault === '' ? '' : `\`${byDefault}\``} | ${description.replaceAll('|', '\\|')} |`,
    )
    return [`**${title}**`, '', '| variable | default | meaning |', '| --- | --- | --- |', ...rows].join('\n')
  }).join('\n\n')
}

export const configCommand = (): Command =>
  new Command('config')
    .description('List every setting: its value here, and what it means. Wrong ones are named.')
    .option('--json', 'print one JSON object')
    .option('--markdown', 'print the table of the README')
    .addHelpText('after', '\nExample:\n  $ LOKI_URL=http://loki:3100 vigie config')
    .action(({ json, markdown }: { json?: boolean; markdown?: boolean }) => {
      if (markdown) return void process.stdout.write(`${settingsMarkdown()}\n`)
      readSettings(process.env)
      const settings = SETTING_GROUPS.flatMap(({ title, schema }) =>
        describeSettings(schema).map(({ name, byDefault, description, secret }) => {
          const set = process.env[name]
          const value = set === undefined || set === '' ? byDefault : secret ? '***' : set
          return { group: title as string, name, value, isSet: set !== undefined && set !== '', description }
        }),
      )
      if (json) return void process.stdout.write(`${JSON.stringify(settings)}\n`)
      let group = ''
      for (const setting of settings) {
        if (setting.group !== group) process.stdout.write(`${group === '' ? '' : '\n'}${setting.group}\n`)
        group = setting.group
        const mark = setting.isSet ? '*' : ' '
        process.stdout.write(
          ` ${mark} ${setting.name.padEnd(28)} ${setting.value.padEnd(24)} ${setting.description}\n`,
        )
      }
      process.stdout.write('\n * set in the environment\n')
    })
