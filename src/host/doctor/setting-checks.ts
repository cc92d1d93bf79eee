import { type Environment, type SettingProblem, unknownSettings } from '../read-settings.ts'
import { type Check, ill, well } from './check.ts'

/** The variables of the environment: those that cannot be used, and those that are most likely misspelt. */
export function settingChecks(environment: Environment, problems: readonly SettingProblem[]): readonly Check[] {
  const checks = [
    ...problems.map(({ message }) => {
      const [detail = message, ...remedy] = message.split('; ')
      return ill('settings', detail, remedy.join('; '))
    }),
    ...unknownSettings(environment).map((name) =>
      ill('settings', `${name} is no setting of Quire`, 'correct its name by docs/settings.md, or take it away'),
    ),
  ]
  return checks.length === 0 ? [well('settings', 'every variable can be used')] : checks
}
