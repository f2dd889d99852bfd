import type { Command } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** A script that completes the commands of a program, their options, and else files. */
export function completion(program: Command, shell: (typeof SHELLS)[number]): string {
  const name = program.name();
  const commands = program.commands.map((command) => ({
    name: command.name(),
    description: command.description(),
    options: command.options.flatMap(({ long, description }) => (long ? [{ long, description }] : [])),
  }));
  if (shell === 'fish') {
    const quoted = (text: string) => `'${text.replace(/[\\']/g, '\\$&')}'`;
    return lines([
      ...commands.map(
        (command) =>
          `complete -c ${name} -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.description)}`,
      ),
      ...commands.flatMap((command) =>
        command.options.map(
          ({ long, description }) =>
            `complete -c ${name} -n '__fish_seen_subcommand_from ${command.name}' -l ${long.slice(2)} -d ${quoted(description)}`,
        ),
      ),
    ]);
  }
  const names = commands.map((command) => command.name).join(' ');
  const bash = [
    `_${name}() {`,
    '  local current="${COMP_WORDS[COMP_CWORD]}" words=""',
    `  if [ "$COMP_CWORD" -eq 1 ]; then words="${names}"`,
    '  else case "${COMP_WORDS[1]}" in',
    ...commands.map(
      ({ name: command, options }) =>
        `    ${command}) words="${options.map(({ long }) => long).join(' ')}";;`,
    ),
    '  esac; fi',
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '}',
    `complete -o default -F _${name} ${name}`,
  ];
  return lines(shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit', ...bash] : bash);
}

const lines = (all: readonly string[]) => `${all.join('\n')}\n`;
