"""The names, products and phrases that the demo data of the sales app is made of."""

from __future__ import annotations

TEAMS = {"east": "East", "north": "North", "south": "South"}
# login, name, team, manager's login, role
USERS = (
    ("diana", "Diana Lorenz", "", "", "sales_director"),
    ("max", "Max Brenner", "east", "diana", "sales_manager"),
    ("mei", "林梅", "south", "diana", "sales_manager"),
    ("ann", "Ann Keller", "east", "max", "sales_rep"),
    ("bob", "Bob Hartley", "east", "max", "sales_rep"),
    ("chen", "陈晓东", "south", "mei", "sales_rep"),
    ("wang", "王丽华", "south", "mei", "sales_rep"),
    ("lucy", "Lucy Moreno", "north", "diana", "sales_rep"),
    ("fay", "Fay Nilsson", "", "diana", "finance"),
)
OWNERS = ("ann", "bob", "chen", "wang", "lucy")
COMPANIES = (
    "Northwind Pumps",
    "Halden Valves",
    "上海远洋阀门有限公司",
    "Kestrel Robotics",
    "深圳华信电子有限公司",
    "Blue Harbor Logistics",
    "苏州精工机械厂",
    "Orchard Medical",
    "Rheintal Werkzeuge GmbH",
    "杭州云杉科技有限公司",
    "Silverline Glass",
    "Fjord Seafood AS",
    "广州南方食品有限公司",
    "Tundra Outdoor",
    "Meridian Optics",
    "宁波海港物流有限公司",
    "Copper Creek Mining",
    "Lakeside Dairy",
    "成都天府软件有限公司",
    "Granite Peak Energy",
    "Willow & Sons",
    "青岛蓝海船舶有限公司",
    "Pioneer Packaging",
    "Alto Elevators",
    "武汉长江钢铁有限公司",
    "Sunrise Solar",
    "Maple Furniture",
    "西安古城印刷有限公司",
    "Cobalt Chemicals",
    "Harvest Tractors",
    "厦门鹭岛旅游有限公司",
    "Vector Drones",
    "Stonebridge Hotels",
    "重庆山城汽车配件有限公司",
    "Polar Cold Chain",
    "Atlas Cranes",
    "天津渤海化工有限公司",
    "Quarry Tiles",
    "Beacon Lighting",
    "无锡太湖纺织有限公司",
)
PEOPLE = (
    "Emma Fischer",
    "张伟",
    "James Porter",
    "李娜",
    "Sofia Rossi",
    "王芳",
    "Liam O'Brien",
    "刘洋",
    "Nora Lindqvist",
    "陈静",
    "Hugo Martin",
    "杨帆",
    "Clara Weiss",
    "赵敏",
    "Oscar Nilsen",
    "黄磊",
    "Alice Dubois",
    "周婷",
    "Peter Novak",
    "吴强",
    "Julia Brandt",
    "徐慧",
    "Samuel Cole",
    "孙鹏",
    "Ingrid Berg",
    "马超",
    "Victor Lang",
    "朱琳",
    "Hannah Stone",
    "胡军",
)
JOBS = (
    "Head of purchasing",
    "采购经理",
    "Managing director",
    "总经理",
    "Plant manager",
    "技术总监",
    "Buyer",
    "财务主管",
)
PRODUCTS = (
    ("FS-100", "Flow sensor 100", "Sensors", 1850),
    ("FS-200", "Flow sensor 200", "Sensors", 2900),
    ("PV-10", "Ball valve PV-10", "Valves", 640),
    ("PV-40", "Control valve PV-40", "Valves", 4200),
    ("CP-1", "Centrifugal pump CP-1", "Pumps", 12800),
    ("CP-5", "Centrifugal pump CP-5", "Pumps", 38500),
    ("GW-1", "Telemetry gateway", "Electronics", 7600),
    ("SV-Y", "Yearly service", "Services", 9900),
)
STAGES = (("prospect", 8), ("qualify", 14), ("proposal", 16), ("negotiation", 10), ("won", 26), ("lost", 14))
SUBJECTS = (
    "pumps for line 2",
    "新厂阀门",
    "spare parts 2nd half",
    "流量计改造",
    "pilot order",
    "年度维保",
    "extension of hall 4",
    "备件框架协议",
)
FIRST_WORDS = ("Acme", "Global", "华东", "Nova", "长城")
SECOND_WORDS = ("Trading", "Works", "科技", "Labs")
STEPS = ("Send samples", "安排现场拜访", "Call the plant manager", "确认付款条件")
LOST = ("price", "product", "timing", "rival")

LEAD_COLUMNS = ("name", "company", "email", "phone", "source", "region", "status", "interest", "budget", "owner")

# Leads that wait for somebody to claim them, each with something still to be found out.
POOL_LEADS = (
    ("冯雪", "Nova Trading", "lead25@example.org", "", "website", "south", "new", "FS-100", "", ""),
    ("Marta Silva", "", "lead26@example.org", "", "website", "", "new", "", "", ""),
    ("何军", "长城 科技", "", "+86 139 1122 3326", "phone", "east", "new", "PV-40", "50000", ""),
    ("Tom Becker", "Global Labs", "lead28@example.org", "+86 139 1122 3327", "fair", "west", "new", "CP-1", "", ""),
    ("郑洁", "", "", "+86 139 1122 3328", "phone", "", "new", "", "", ""),
    ("Ingrid Dahl", "华东 Works", "lead30@example.org", "", "partner", "north", "contacted", "", "20000", ""),
)
