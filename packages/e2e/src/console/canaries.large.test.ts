import { assertCanaries } from './assert-canaries.ts';
import { canaries } from './canaries.ts';
import { consoleTest, newStaff } from './console-test.ts';

const size = 10;
const groups = Array.from({ length: Math.ceil(canaries.length / size) }, (_, index) => index * size);

consoleTest.for(groups)(
  'texts from number %i on are shown as they were typed on every screen, and run nowhere',
  async (from, { fleet, browser }) => {
    const texts = canaries.slice(from, from + size);
    const staff = await newStaff(fleet.url, texts.at(-1));
    await assertCanaries(fleet, browser, staff, { texts, isQuick: false });
  },
);
