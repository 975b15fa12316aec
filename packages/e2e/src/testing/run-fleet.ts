import { startFleet } from '@clientela/fleet';

// A supervisor in a process of its own, for the test that kills it: prints its ports, then runs until it is told to stop.
const [folder = '', compile_cache = ''] = process.argv.slice(2);
const fleet = await startFleet({ folder, env: process.env, free_ports: true, compile_cache });
process.once('SIGTERM', () => void fleet.stop().then(() => process.exit(0)));
process.stdout.write(`${JSON.stringify({ url: fleet.url, ports: fleet.ports, postgres: fleet.postgres.pid() })}\n`);
