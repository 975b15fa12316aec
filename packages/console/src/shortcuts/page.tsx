import type { ParseKeys } from 'i18next';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useUser } from '../api/session.ts';
import { navigation } from '../frame/navigation.ts';
import { hasLetterKeys, setLetterKeys } from '../frame/shortcuts.ts';
import { Checkbox } from '../ui/checkbox.tsx';
import { Empty } from '../ui/empty.tsx';
import { Page } from '../ui/page.tsx';
import { SearchField } from '../ui/search-field.tsx';
import styles from './page.module.css';

/** Keys as they are pressed: several are pressed one after the other, `mod` is Ctrl, or ⌘ on a Mac. */
type Shortcut = { keys: readonly string[]; text: string };

const sections: readonly { title: ParseKeys; shortcuts: readonly (readonly [keys: string, text: ParseKeys])[] }[] = [
  {
    title: 'shortcuts.everywhere',
    shortcuts: [
      ['/', 'frame.searchEverywhere'],
      ['mod+K', 'frame.searchEverywhere'],
      ['?', 'frame.shortcuts'],
      ['Esc', 'shortcuts.close'],
      ['F6', 'shortcuts.notices'],
    ],
  },
  {
    title: 'shortcuts.lists',
    shortcuts: [
      ['C', 'shortcuts.create'],
      ['J', 'shortcuts.next'],
      ['K', 'shortcuts.previous'],
      ['X', 'shortcuts.select'],
      ['Shift+X', 'shortcuts.selectTo'],
      ['mod+A', 'shortcuts.selectAll'],
      ['T', 'shortcuts.tagSelected'],
      ['Enter', 'shortcuts.open'],
    ],
  },
  {
    title: 'shortcuts.customer',
    shortcuts: [
      ['E', 'shortcuts.edit'],
      ['T', 'customers.addTag'],
      ['N', 'shortcuts.note'],
      ['L', 'shortcuts.log'],
      ['[', 'shortcuts.previousCustomer'],
      [']', 'shortcuts.nextCustomer'],
    ],
  },
  {
    title: 'complaints.shortcuts.title',
    shortcuts: [
      ['Enter', 'complaints.shortcuts.drag'],
      ['Tab', 'complaints.shortcuts.next'],
      ['Esc', 'complaints.shortcuts.cancel'],
    ],
  },
  { title: 'shortcuts.forms', shortcuts: [['mod+Enter', 'common.save']] },
];

const modifier = /mac|iphone|ipad/i.test(navigator.userAgent) ? '⌘' : 'Ctrl';

/** All keys, to be searched, and the switch for those of one letter (WCAG 2.1.4). */
export function ShortcutsPage() {
  const { t } = useTranslation();
  const { permissions } = useUser();
  const [search, setSearch] = useState('');
  const [isOn, setOn] = useState(hasLetterKeys);
  const places = navigation.filter(({ permission }) => permission === undefined || permissions.includes(permission));
  const all: { title: string; shortcuts: Shortcut[] }[] = [
    ...sections.map(({ title, shortcuts }) => ({
      title: t(title),
      shortcuts: shortcuts.map(([keys, text]) => ({ keys: [keys.replace('mod', modifier)], text: t(text) })),
    })),
    {
      title: t('shortcuts.places'),
      shortcuts: places.map(({ key, label }) => ({ keys: ['G', key.toUpperCase()], text: t(label) })),
    },
  ];
  const wanted = search.toLowerCase();
  const isFound = ({ keys, text }: Shortcut) => `${keys.join(' ')} ${text}`.toLowerCase().includes(wanted);
  const found = all
    .map(({ title, shortcuts }) => ({ title, shortcuts: shortcuts.filter(isFound) }))
    .filter(({ shortcuts }) => shortcuts.length > 0);
  const change = (on: boolean) => {
    setLetterKeys(on);
    setOn(on);
  };
  return (
    <Page title={t('frame.shortcuts')}>
      <div className={styles.head}>
        <SearchField label={t('shortcuts.search')} value={search} onSearch={setSearch} />
        <div>
          <Checkbox isSelected={isOn} onChange={change}>
            {t('shortcuts.letters')}
          </Checkbox>
          <p className={styles.hint}>{t('shortcuts.lettersHint')}</p>
        </div>
      </div>
      {found.length === 0 && <Empty>{t('frame.searchNone')}</Empty>}
      <div className={styles.sections}>
        {found.map(({ title, shortcuts }) => (
          <section key={title}>
            <h2>{title}</h2>
            <dl className={styles.keys}>
              {shortcuts.map(({ keys, text }) => (
                <div key={keys.join(' ')}>
                  <dt>{text}</dt>
                  <dd>
                    {keys.map((key) => (
                      <kbd key={key}>{key}</kbd>
                    ))}
                  </dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Page>
  );
}
