package pretrain

import "github.com/assaylab/assay/zoo"

// table says where the modules of a network of PyTorch's stand in one of the zoo's, rule by rule.
type table []rule

// rule gives modules, by their names with slashes for dots, places of the network, by layer path; see [table.match]. A norm's place is
// its site: the layer whose output it lies over.
type rule struct{ theirs, ours string }

// tablesOf lists the tables for a network of the zoo, by its family.
func tablesOf(net string) []table {
	z, err := zoo.Find(net)
	if err != nil {
		return nil
	}
	return tables[z.Family]
}

// tables are those of torchvision, timm and lukemelas' efficientnet_pytorch, by the zoo's families.
var tables = map[string][]table{
	"resnet": {resnet}, "resnext": {resnet}, "senet": {resnet},
	"vgg": {
		{{"features/*", "conv*_*"}, {"classifier/0", "fc6"}, {"classifier/3", "fc7"}, {"classifier/6", "fc8"}},
		{{"features/*", "conv*_*"}, {"pre_logits/fc1", "fc6"}, {"pre_logits/fc2", "fc7"}, {"head/fc", "fc8"}}, // timm
	},
	"alexnet":    {{{"features/*", "conv*"}, {"classifier/1", "fc6"}, {"classifier/4", "fc7"}, {"classifier/6", "fc8"}}},
	"squeezenet": {{{"features/0", "conv1"}, {"features/*/squeeze", "fire*/squeeze"}, {"features/*/expand1x1", "fire*/expand1x1"}, {"features/*/expand3x3", "fire*/expand3x3"}, {"classifier/1", "conv10"}}},
	"densenet": {{
		{"features/{conv0,norm0}", "conv1"},
		{"features/denseblock*/denselayer*/norm1", "block*/layer*/act/in"}, {"features/denseblock*/denselayer*/conv1", "block*/layer*/conv1"},
		{"features/denseblock*/denselayer*/norm2", "block*/layer*/conv1/act/in"}, {"features/denseblock*/denselayer*/conv2", "block*/layer*/conv2"},
		{"features/transition*/norm", "transition*/act/in"}, {"features/transition*/conv", "transition*/conv1"},
		{"features/norm5", "block*/layer*/concat/act/in"}, {"classifier", "linear1"},
	}},
	"shufflenet": {{
		{"conv1/{0,1}", "conv1"}, {"stage*/0/branch1/{0,1}", "stage*/block1/shortcut/depthwise"}, {"stage*/0/branch1/{2,3}", "stage*/block1/shortcut/pointwise"},
		{"stage*/*/branch2/{0,1}", "stage*/block*/reduce"}, {"stage*/*/branch2/{3,4}", "stage*/block*/depthwise"}, {"stage*/*/branch2/{5,6}", "stage*/block*/pointwise"},
		{"conv5/{0,1}", "conv2"}, {"fc", "linear1"},
	}},
	"mobilenet": {
		{ // torchvision's V2: a block's convolutions are numbered
			{"features/0/{0,1}", "conv1"}, {"features/18/{0,1}", "conv2"},
			{"features/*/conv/{*/0,*/1,*}", "stage*/block*/{expand,depthwise,pointwise,project}"},
			{"classifier/1", "linear1"},
		},
		{ // torchvision's V3
			{"features/0/{0,1}", "conv1"}, {"features/*/{0,1}", "conv2"},
			{"features/*/block/*/{0,1}", "block*/{expand,depthwise,project}"}, {"features/*/block/*/fc1", "block*/se/reduce"}, {"features/*/block/*/fc2", "block*/se/expand"},
			{"classifier/0", "linear1"}, {"classifier/3", "linear2"},
		},
		{ // timm's V2
			{"conv_stem", "conv1"}, {"bn1", "conv1"}, {"conv_head", "conv2"}, {"bn2", "conv2"},
			{"blocks/0/0/{conv_dw,bn1}", "stage1/block1/depthwise"}, {"blocks/0/0/{conv_pw,bn2}", "stage1/block1/pointwise"},
			{"blocks/*/*/{conv_pw,bn1}", "stage*/block*/expand"}, {"blocks/*/*/{conv_dw,bn2}", "stage*/block*/depthwise"}, {"blocks/*/*/{conv_pwl,bn3}", "stage*/block*/project"},
			{"classifier", "linear1"},
		},
	},
	"inception": {
		{ // torchvision's GoogLeNet
			{"conv1/{conv,bn}", "conv1"}, {"conv2/{conv,bn}", "conv2_reduce"}, {"conv3/{conv,bn}", "conv2"},
			{"inception*/branch1/{conv,bn}", "inception*/branch1/conv1"}, {"inception*/branch2/0/{conv,bn}", "inception*/branch2/conv1"}, {"inception*/branch2/1/{conv,bn}", "inception*/branch2/conv2"},
			{"inception*/branch3/0/{conv,bn}", "inception*/branch3/conv1"}, {"inception*/branch3/1/{conv,bn}", "inception*/branch3/conv2"}, {"inception*/branch4/1/{conv,bn}", "inception*/branch4/conv1"},
			{"fc", "classifier"},
		},
		{ // torchvision's and timm's Inception-v3
			{"Conv2d_*/{conv,bn}", "conv*"}, {"AuxLogits/conv0/{conv,bn}", "aux/conv1"}, {"AuxLogits/conv1/{conv,bn}", "aux/conv2"}, {"AuxLogits/fc", "aux/linear1"},
			{"Mixed_{5b,5c,5d,6b,6c,6d,6e}/branch1x1/{conv,bn}", "mixed{5a,5b,5c,6b,6c,6d,6e}/branch1/conv1"}, {"Mixed_*/branch_pool/{conv,bn}", "mixed*/branch4/conv1"},
			{"Mixed_5{b,c,d}/branch5x5_*/{conv,bn}", "mixed5{a,b,c}/branch2/conv*"}, {"Mixed_5{b,c,d}/branch3x3dbl_*/{conv,bn}", "mixed5{a,b,c}/branch3/conv*"},
			{"Mixed_6a/branch3x3/{conv,bn}", "mixed6a/branch1/conv1"}, {"Mixed_6a/branch3x3dbl_*/{conv,bn}", "mixed6a/branch2/conv*"},
			{"Mixed_6*/branch7x7_*/{conv,bn}", "mixed6{b,c,d,e}/branch2/conv*"}, {"Mixed_6*/branch7x7dbl_*/{conv,bn}", "mixed6{b,c,d,e}/branch3/conv*"},
			{"Mixed_7a/branch3x3_*/{conv,bn}", "mixed7a/branch1/conv*"}, {"Mixed_7a/branch7x7x3_*/{conv,bn}", "mixed7a/branch2/conv*"},
			{"Mixed_7{b,c}/branch1x1/{conv,bn}", "mixed7{b,c}/branch1/conv1"},
			{"Mixed_7{b,c}/branch3x3_1/{conv,bn}", "mixed7{b,c}/branch2/conv1"}, {"Mixed_7{b,c}/branch3x3_2a/{conv,bn}", "mixed7{b,c}/branch2/branch1/conv1"}, {"Mixed_7{b,c}/branch3x3_2b/{conv,bn}", "mixed7{b,c}/branch2/branch2/conv1"},
			{"Mixed_7{b,c}/branch3x3dbl_3a/{conv,bn}", "mixed7{b,c}/branch3/branch1/conv1"}, {"Mixed_7{b,c}/branch3x3dbl_3b/{conv,bn}", "mixed7{b,c}/branch3/branch2/conv1"},
			{"Mixed_7{b,c}/branch3x3dbl_*/{conv,bn}", "mixed7{b,c}/branch3/conv*"},
			{"fc", "linear1"},
		},
	},
	"efficientnet": efficientnet, "efficientnet-lite": efficientnet,
	"convnext": {{
		{"features/0/{0,1}", "conv1"}, {"features/{2,4,6}/0", "stage*/halve/in"}, {"features/{2,4,6}/1", "stage*/halve"},
		{"features/*/*/block/{0,2}", "stage*/block*/depthwise"}, {"features/*/*/block/3", "stage*/block*/expand"}, {"features/*/*/block/5", "stage*/block*/project"},
		{"features/*/*/layer_scale", "stage*/block*/layer-scale"},
		{"classifier/0", "global-pool"}, {"classifier/2", "linear1"},
	}},
}

// resnet is torchvision's and timm's.
var resnet = table{
	{"{conv1,bn1}", "conv1"},
	{"layer*/*/{conv1,bn1}", "stage*/block*/conv1"}, {"layer*/*/{conv2,bn2}", "stage*/block*/conv2"}, {"layer*/*/{conv3,bn3}", "stage*/block*/conv3"},
	{"layer*/*/downsample/{0,1}", "stage*/block*/shortcut"}, {"layer*/*/se/fc1", "stage*/block*/se/reduce"}, {"layer*/*/se/fc2", "stage*/block*/se/expand"},
	{"fc", "linear1"},
}

// efficientnet is torchvision's, timm's and lukemelas'.
var efficientnet = []table{
	{
		{"features/0/{0,1}", "conv1"}, {"features/8/{0,1}", "conv2"},
		{"features/*/*/block/*/{0,1}", "stage*/block*/{expand,depthwise,project}"}, {"features/*/*/block/*/fc1", "stage*/block*/se/reduce"}, {"features/*/*/block/*/fc2", "stage*/block*/se/expand"},
		{"classifier/1", "linear1"},
	},
	{
		{"{conv_stem,bn1}", "conv1"}, {"{conv_head,bn2}", "conv2"},
		{"blocks/0/0/{conv_dw,bn1}", "stage1/block1/depthwise"}, {"blocks/0/0/{conv_pw,bn2}", "stage1/block1/project"},
		{"blocks/*/*/{conv_pw,bn1}", "stage*/block*/expand"}, {"blocks/*/*/{conv_dw,bn2}", "stage*/block*/depthwise"}, {"blocks/*/*/{conv_pwl,bn3}", "stage*/block*/project"},
		{"blocks/*/*/se/conv_reduce", "stage*/block*/se/reduce"}, {"blocks/*/*/se/conv_expand", "stage*/block*/se/expand"},
		{"classifier", "linear1"},
	},
	{
		{"{_conv_stem,_bn0}", "conv1"}, {"{_conv_head,_bn1}", "conv2"},
		{"_blocks/*/{_expand_conv,_bn0}", "stage*/block*/expand"}, {"_blocks/*/{_depthwise_conv,_bn1}", "stage*/block*/depthwise"}, {"_blocks/*/{_project_conv,_bn2}", "stage*/block*/project"},
		{"_blocks/*/_se_reduce", "stage*/block*/se/reduce"}, {"_blocks/*/_se_expand", "stage*/block*/se/expand"},
		{"_fc", "linear1"},
	},
}
