import { useNavigate } from '@tanstack/react-router';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { Button } from 'react-aria-components';
import { signOut, type User } from '../api/session.ts';
import { changeLanguage, currentLanguage, languages, type Language } from '../messages/index.ts';
import { Avatar } from '../ui/avatar.tsx';
import { Menu, MenuItem, MenuSection, MenuSeparator } from '../ui/menu.tsx';
import styles from './frame.module.css';
import { chooseTheme, currentTheme, themes, type Theme } from './theme.ts';

export const nameOf = ({ first_name, last_name }: Pick<User, 'first_name' | 'last_name'>): string =>
  [first_name, last_name].filter(Boolean).join(' ');

const themeLabels = { system: 'frame.themeSystem', light: 'frame.themeLight', dark: 'frame.themeDark' } as const;

/** Theme, language and sign-out of the person. */
export function PersonMenu({ user }: { user: User }) {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [theme, setTheme] = useState(currentTheme);
  const name = nameOf(user);
  return (
    <Menu
      placement="bottom end"
      trigger={
        <Button className={styles.person} aria-label={t('frame.account', { name })}>
          <Avatar id={user.id} name={name} size={28} />
        </Button>
      }
      onAction={(key) => {
        if (key === 'sign-out') void signOut();
        if (key === 'me') void navigate({ to: '/me' });
        if (key === 'keys') void navigate({ to: '/keys' });
        if (key === 'docs') window.open('/docs', '_blank', 'noopener');
      }}
    >
      <MenuSection
        title={t('frame.theme')}
        selectionMode="single"
        disallowEmptySelection
        selectedKeys={[theme]}
        onSelectionChange={(keys) => {
          const [chosen = 'system'] = keys as Set<Theme>;
          chooseTheme(chosen);
          setTheme(chosen);
        }}
      >
        {themes.map((each) => (
          <MenuItem key={each} id={each}>
            {t(themeLabels[each])}
          </MenuItem>
        ))}
      </MenuSection>
      <MenuSection
        title={t('frame.language')}
        selectionMode="single"
        disallowEmptySelection
        selectedKeys={[currentLanguage()]}
        onSelectionChange={(keys) => {
          const [chosen = 'en'] = keys as Set<Language>;
          void changeLanguage(chosen);
        }}
      >
        {Object.entries(languages).map(([code, text]) => (
          <MenuItem key={code} id={code} textValue={text}>
            <span lang={code}>{text}</span>
          </MenuItem>
        ))}
      </MenuSection>
      <MenuSeparator />
      <MenuItem id="me">{t('me.title')}</MenuItem>
      <MenuItem id="keys">{t('frame.shortcuts')}</MenuItem>
      <MenuItem id="docs">{t('frame.apiDocs')}</MenuItem>
      <MenuItem id="sign-out">{t('frame.signOut')}</MenuItem>
    </Menu>
  );
}
