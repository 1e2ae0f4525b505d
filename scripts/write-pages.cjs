// Writes what is made from the built program's own descriptions: the man pages, and the commands'
// summaries, so that `swaplab --help` need not load every command.
const { writeFileSync } = require('node:fs');
const { join } = require('node:path');

async function writePages() {
  const dist = join(__dirname, '..', 'dist');
  const { describeProgram, main } = await import(join(dist, 'cli', 'main.js'));
  const { commands } = await describeProgram();
  const summaries = Object.fromEntries(commands.map(({ name, summary }) => [name, summary]));
  writeFileSync(join(dist, 'summaries.json'), `${JSON.stringify(summaries, null, 2)}\n`);
  process.exitCode = await main(['man', '--write', join(dist, 'man')]);
}

void writePages();
