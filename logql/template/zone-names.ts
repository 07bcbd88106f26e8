const HOUR = 3600

/** Names that the languages use and the time zone database does not: it has numbers instead. */
export const NOT_IN_DATABASE: ReadonlySet<string> = new Set([
  'ACWST',
  'CHADT',
  'CHAST',
  'GST',
  'LHDT',
  'LHST',
  'PMDT',
  'PMST',
])

/**
 * Names by zone and offset in seconds, where no language knows that of the time zone database 2025 (undefined: a
 * number). Learned by comparing each zone of ICU with Go's in a winter and in a summer.
 */
export const ZONE_NAMES: Readonly<Record<string, Readonly<Record<number, string | undefined>>>> = {
  'America/Adak': { [-10 * HOUR]: 'HST', [-9 * HOUR]: 'HDT' },
  'America/Dawson': { [-7 * HOUR]: 'MST' },
  'America/Havana': { [-5 * HOUR]: 'CST', [-4 * HOUR]: 'CDT' },
  'America/Hermosillo': { [-7 * HOUR]: 'MST' },
  'America/Mazatlan': { [-7 * HOUR]: 'MST' },
  'America/Whitehorse': { [-7 * HOUR]: 'MST' },
  'Antarctica/Casey': { [8 * HOUR]: undefined },
  'Antarctica/Troll': { 0: undefined },
  'Asia/Colombo': { [5.5 * HOUR]: undefined },
  'Asia/Hong_Kong': { [8 * HOUR]: 'HKT' },
  'Asia/Jakarta': { [7 * HOUR]: 'WIB' },
  'Asia/Jayapura': { [9 * HOUR]: 'WIT' },
  'Asia/Jerusalem': { [2 * HOUR]: 'IST', [3 * HOUR]: 'IDT' },
  'Asia/Karachi': { [5 * HOUR]: 'PKT' },
  'Asia/Macau': { [8 * HOUR]: 'CST' },
  'Asia/Makassar': { [8 * HOUR]: 'WITA' },
  'Asia/Manila': { [8 * HOUR]: 'PST' },
  'Asia/Pontianak': { [7 * HOUR]: 'WIB' },
  'Asia/Pyongyang': { [9 * HOUR]: 'KST' },
  'Asia/Seoul': { [9 * HOUR]: 'KST' },
  'Asia/Shanghai': { [8 * HOUR]: 'CST' },
  'Asia/Taipei': { [8 * HOUR]: 'CST' },
  'Asia/Tokyo': { [9 * HOUR]: 'JST' },
  'Europe/Dublin': { [HOUR]: 'IST' },
  'Europe/Guernsey': { [HOUR]: 'BST' },
  'Europe/Isle_of_Man': { [HOUR]: 'BST' },
  'Europe/Jersey': { [HOUR]: 'BST' },
  'Europe/Kirov': { [3 * HOUR]: 'MSK' },
  'Europe/Moscow': { [3 * HOUR]: 'MSK' },
  'Europe/Simferopol': { [3 * HOUR]: 'MSK' },
  'Europe/Volgograd': { [3 * HOUR]: 'MSK' },
  'Pacific/Guam': { [10 * HOUR]: 'ChST' },
  'Pacific/Midway': { [-11 * HOUR]: 'SST' },
  'Pacific/Pago_Pago': { [-11 * HOUR]: 'SST' },
  'Pacific/Saipan': { [10 * HOUR]: 'ChST' },
}
