#!/usr/bin/python
from ansible.module_utils.basic import AnsibleModule


def main():
    module = AnsibleModule(dict(facts=dict(type="dict"), bytes=dict(type="int", default=0)), supports_check_mode=True)
    module.exit_json(changed=False, regrow=module.params["facts"], stdout="x" * module.params["bytes"], size_of_it=1)


main()
