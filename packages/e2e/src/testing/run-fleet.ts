import { startFleet } from '@clientela/fleet';

// A fleet in its own process, for the test that kills it. Prints its ports, then runs until SIGTERM.
const [folder = '', compileCache = ''] = process.argv.slice(2);
const fleet = await startFleet({ folder, env: process.env, freePorts: true, compileCache });
process.once('SIGTERM', () => void fleet.stop().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify({ url: fleet.url, ports: fleet.ports, postgres: fleet.postgres.pid() })}\n`);
