import { join } from 'node:path'
import { settingsFrom } from '../service/settings.ts'
import { homeOf, stackSettings } from '../stack/config.ts'

/** Where the embedded store of `vigie up` keeps its data. */
export const defaultFolder = (): string =>
  join(homeOf(settingsFrom(stackSettings, process.env)), 'data', 'loki-embedded')

/** The store itself in such a folder; rules lie beside it. */
export const storeIn = (folder: string): string => join(folder, 'store')
