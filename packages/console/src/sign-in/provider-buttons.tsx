import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../api/session.ts';
import { Button } from '../ui/button.tsx';
import styles from './layout.module.css';
import { Notice } from '../ui/notice.tsx';
import { goToProvider, openTab, type Purpose } from './provider-attempt.ts';

type Provider = { name: string; title: string };

/**
 * A button for each provider that is configured. There is none until they are known: the form works without.
 * @param inOtherTab whether this tab stays as it is
 */
export function ProviderButtons({ purpose, inOtherTab = false }: { purpose: Purpose; inOtherTab?: boolean }) {
  const { t } = useTranslation();
  const [providers, setProviders] = useState<readonly Provider[]>([]);
  const [chosen, setChosen] = useState<string>();
  const [isBlocked, setBlocked] = useState(false);
  useEffect(() => {
    api.auth.oidc.list().then(
      (found) => setProviders(found.providers),
      () => {},
    );
    const reset = () => setChosen(undefined); // the browser may bring the page back as it was left
    window.addEventListener('pageshow', reset);
    return () => window.removeEventListener('pageshow', reset);
  }, []);
  if (providers.length === 0) return null;
  const go = (name: string) => {
    const tab = inOtherTab ? openTab() : window;
    setBlocked(tab === null);
    if (!inOtherTab) setChosen(name);
    if (tab) goToProvider(name, purpose, tab);
  };
  return (
    <div className={styles.providers}>
      <p className={styles.or}>{t('signIn.or')}</p>
      {providers.map(({ name, title }) => (
        <Button key={name} look="wide" isPending={chosen === name} onPress={() => go(name)}>
          {t(inOtherTab ? 'signIn.withProviderInTab' : 'signIn.withProvider', { provider: title })}
        </Button>
      ))}
      {isBlocked && <Notice kind="error">{t('signIn.noTab')}</Notice>}
    </div>
  );
}
