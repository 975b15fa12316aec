import { useTranslation } from 'react-i18next';
import { useUser } from '../api/session.ts';
import { nameOf } from '../frame/person-menu.tsx';
import { roleText } from '../frame/roles.ts';
import styles from '../ui/bar.module.css';
import { Page } from '../ui/page.tsx';
import { visible } from '../ui/visible.tsx';
import { SecondFactor } from './second-factor.tsx';
import { Sessions } from './sessions.tsx';

/** The own account: second factor and where one is signed in. */
export function OwnPage() {
  const { t } = useTranslation();
  const user = useUser();
  return (
    <Page title={t('me.title')}>
      <dl className={styles.facts}>
        <dt>{t('common.name')}</dt>
        <dd>
          <bdi>{visible(nameOf(user))}</bdi>
        </dd>
        <dt>{t('common.email')}</dt>
        <dd>
          <bdi>{visible(user.email)}</bdi>
        </dd>
        <dt>{t('team.role')}</dt>
        <dd>{roleText(user.role, t)}</dd>
      </dl>
      <SecondFactor />
      <Sessions />
    </Page>
  );
}
